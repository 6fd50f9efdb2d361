"""Exchange Web Services: SOAP at /EWS/Exchange.asmx, and autodiscover."""
